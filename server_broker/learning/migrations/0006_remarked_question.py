"""A question that a version marks anew is called so; its table keeps its name, because the county's stream names it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("learning", "0005_marked_anew")]

    operations = [
        migrations.AlterModelTable("remarked", "learning_remarked"),
        migrations.RenameModel("Remarked", "RemarkedQuestion"),
    ]
